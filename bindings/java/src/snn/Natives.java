package snn;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The libraries in the jar, in the folder {@code natives/SYSTEM-PROCESSOR}. */
final class Natives {
    private Natives() {}

    /** Loads libsnn_jni: the file that the property {@code snn.jni} names, else from {@code java.library.path}, else from the jar. */
    static void load() {
        String path = System.getProperty("snn.jni"); // it finds libsnn beside it
        if (path != null) {
            System.load(path);
            return;
        }
        try {
            System.loadLibrary("snn_jni");
        } catch (UnsatisfiedLinkError absent) {
            if (!loadFromJar()) throw absent;
        }
    }

    /** Copies both libraries into a new folder, because a system loads files only; false when the jar has none for this system. */
    private static boolean loadFromJar() {
        String system = System.getProperty("os.name"), processor = System.getProperty("os.arch");
        boolean windows = system.startsWith("Windows");
        String name = windows ? "windows" : system.startsWith("Mac") ? "macos" : "linux";
        String place = "/natives/" + name + "-" + (processor.equals("amd64") ? "x86_64" : processor.equals("aarch64") ? "arm64" : processor);
        String jni = System.mapLibraryName("snn_jni"), libsnn = windows ? "libsnn.dll" : System.mapLibraryName("snn");
        if (Natives.class.getResource(place + "/" + jni) == null) return false;
        try {
            Path folder = Files.createTempDirectory("snn-");
            folder.toFile().deleteOnExit(); // registered first: deleted last
            for (String file : new String[] {libsnn, jni}) {
                Path copy = folder.resolve(file);
                copy.toFile().deleteOnExit();
                try (InputStream in = Natives.class.getResourceAsStream(place + "/" + file)) {
                    if (in == null) throw new UnsatisfiedLinkError("the jar has no " + place + "/" + file);
                    Files.copy(in, copy);
                }
            }
            if (windows) System.load(folder.resolve(libsnn).toString()); // it has no path of its own to search
            System.load(folder.resolve(jni).toString());
            return true;
        } catch (IOException problem) {
            UnsatisfiedLinkError error = new UnsatisfiedLinkError("the libraries in the jar could not be copied out: " + problem);
            error.initCause(problem);
            throw error;
        }
    }
}
