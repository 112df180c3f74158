"""The Unity package: the C# binding, the component and the importer of bindings/unity, the native libraries, and a .meta file
beside each, by which Unity knows it. GUIDs are hashes of the place in the package, so they are the same in every build.
"""

import hashlib
import json
import shutil
import tarfile
from pathlib import Path

from . import native

NAME = "com.snn-engine.snn"
# Platform of a game -> (folder of its libraries, operating system of the editor, build target)
PLATFORMS = {
    "Linux": ("Runtime/Plugins/Linux/x86_64", "Linux", "Linux64"),
    "Windows": ("Runtime/Plugins/Windows/x86_64", "Windows", "Win64"),
    "macOS": ("Runtime/Plugins/macOS", "OSX", "OSXUniversal"),
}

_IMPORTERS = {
    ".cs": "MonoImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  defaultReferences: []\n"
    "  executionOrder: 0\n  icon: {instanceID: 0}\n",
    ".asmdef": "AssemblyDefinitionImporter:\n  externalObjects: {}\n",
    ".json": "PackageManifestImporter:\n  externalObjects: {}\n",
    ".md": "TextScriptImporter:\n  externalObjects: {}\n",
}


def make(destination: Path, prefix: Path, libraries: native.Libraries) -> Path:
    """Make the package's folder and, beside it, the tarball; returns the folder.

    `libraries` has for systems other than this one a folder with libsnn and libsnn_unity.
    """
    source = native.ROOT / "bindings/unity"
    package = native.fresh(destination / NAME)
    for name in ("Runtime", "Editor", "Tests", "package.json", "README.md"):
        one = source / name
        (shutil.copytree if one.is_dir() else shutil.copy)(one, package / name)
    binding = package / "Runtime/Binding"
    binding.mkdir()
    for one in (native.ROOT / "bindings/csharp/Snn").glob("*.cs"):
        shutil.copy(one, binding)
    shutil.copy(native.ROOT / "LICENSE", package / "LICENSE.md")
    shutil.copy(native.ROOT / "CHANGELOG.md", package)
    sample = package / "Samples~/Creature"
    (sample / "Resources").mkdir(parents=True)
    shutil.copy(native.ROOT / "samples/unity/Assets/Creature.cs", sample)
    native.train_creature(sample / "Resources/creature.snn")
    native.build(source / "native", prefix, package / PLATFORMS[native.HERE.platform][0])
    for system, folder in libraries.items():
        place = package / PLATFORMS[system.platform][0]
        place.mkdir(parents=True, exist_ok=True)
        for one in folder.iterdir():
            shutil.copy(one, place)
    for one in sorted(package.rglob("*")):
        path = one.relative_to(package)
        if not any(part.endswith("~") for part in path.parts):
            Path(f"{one}.meta").write_text(meta(path, one.is_dir()), encoding="utf-8")
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    with tarfile.open(destination / f"{NAME}-{version}.tgz", "w:gz") as archive:
        archive.add(package, "package")
    return package


def meta(path: Path, is_folder: bool) -> str:
    """The .meta file of a file or folder of the package."""
    guid = hashlib.md5(f"{NAME}/{path.as_posix()}".encode(), usedforsecurity=False).hexdigest()
    if is_folder:
        importer = "folderAsset: yes\nDefaultImporter:\n  externalObjects: {}\n"
    elif "Plugins" in path.parts:
        importer = _plugin(path)
    else:
        importer = _IMPORTERS[path.suffix]
    return f"fileFormatVersion: 2\nguid: {guid}\n{importer}  userData: \n  assetBundleName: \n  assetBundleVariant: \n"


def _plugin(path: Path) -> str:
    """A native library is for its own platform, in the editor and in games."""
    system, target = next(names for folder, *names in PLATFORMS.values() if path.as_posix().startswith(folder))
    processor = "AnyCPU" if system == "OSX" else "x86_64"
    platforms = (
        ("Any: ", 0, {}),
        ("Editor: Editor", 1, {"CPU": processor, "DefaultValueInitialized": "true", "OS": system}),
        (f"Standalone: {target}", 1, {"CPU": processor}),
    )
    text = "PluginImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  iconMap: {}\n  executionOrder: {}\n"
    text += "  defineConstraints: []\n  isPreloaded: 0\n  isOverridable: 0\n  isExplicitlyReferenced: 0\n"
    text += "  validateReferences: 1\n  platformData:\n"
    for first, enabled, settings in platforms:
        text += f"  - first:\n      {first}\n    second:\n      enabled: {enabled}\n"
        lines = "".join(f"        {name}: {value}\n" for name, value in settings.items())
        text += f"      settings:\n{lines}" if lines else "      settings: {}\n"
    return text
