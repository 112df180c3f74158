"""The NuGet package: the sources of bindings/csharp, which become part of the assembly that asks for them, and libsnn for each
system. A package of sources needs no .NET SDK to make, and unlike an assembly it fits every runtime and AOT compiler.
"""

import shutil
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from . import native

ID = "Snn"
RUNTIMES = {"Linux": "linux", "Windows": "win", "macOS": "osx"}
PROCESSORS = {"x86_64": "x64", "arm64": "arm64"}

_TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
{types}</Types>
"""
_RELATIONS = f"""<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/{ID}.nuspec" Id="manifest" />
</Relationships>
"""
# Files are compiled with what they need, whatever the project that takes them says.
_PROPERTIES = """<Project>
  <PropertyGroup>
    <AllowUnsafeBlocks>true</AllowUnsafeBlocks>
  </PropertyGroup>
</Project>
"""
_DESCRIPTION = "Create, train and run spiking neural networks with libsnn. The binding is a part of your assembly."


def make(destination: Path, prefix: Path, libraries: native.Libraries) -> Path:
    """Make Snn.VERSION.nupkg in `destination`; returns it.

    `libraries` has for systems other than this one a prefix of libsnn.
    """
    content = native.fresh(destination / ID)
    for source in sorted((native.ROOT / "bindings/csharp/Snn").glob("*.cs")):
        _put(source, content / "contentFiles/cs/any/Snn")
    for system, folder in {native.HERE: prefix, **libraries}.items():
        name = f"{RUNTIMES[system.platform]}-{PROCESSORS[system.machine]}"
        _put(system.library(folder), content / f"runtimes/{name}/native")
    shutil.copy(native.ROOT / "LICENSE", content / "LICENSE.txt")
    shutil.copy(native.ROOT / "docs/bindings/csharp.md", content / "README.md")
    (content / "build").mkdir()
    (content / f"build/{ID}.props").write_text(_PROPERTIES, encoding="utf-8")
    (content / f"{ID}.nuspec").write_text(nuspec(), encoding="utf-8")
    (content / "_rels").mkdir()
    (content / "_rels/.rels").write_text(_RELATIONS, encoding="utf-8")
    files = sorted(one for one in content.rglob("*") if one.is_file())
    kinds = sorted({one.suffix[1:] for one in files} - {"rels", ""})
    types = "".join(f'  <Default Extension="{kind}" ContentType="application/octet" />\n' for kind in kinds)
    package = destination / f"{ID}.{native.version()}.nupkg"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES.format(types=types))
        for one in files:
            archive.write(one, one.relative_to(content).as_posix())
    shutil.rmtree(content)
    return package


def nuspec() -> str:
    """The package's description for NuGet."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>{ID}</id>
    <version>{native.version()}</version>
    <authors>snn-engine</authors>
    <license type="expression">MIT</license>
    <readme>README.md</readme>
    <description>{escape(_DESCRIPTION)}</description>
    <dependencies>
      <group targetFramework=".NETStandard2.1" />
    </dependencies>
    <contentFiles>
      <files include="cs/any/{ID}/*.cs" buildAction="Compile" />
    </contentFiles>
  </metadata>
</package>
"""


def _put(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, folder)
