package snn;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The libraries in the jar, in the folder {@code natives/SYSTEM-PROCESSOR}. */
final class Natives {
    private Natives() {}

    private static boolean loaded;

    /** Loads libsnn_jni: the file that the property {@code snn.jni} names, else from {@code java.library.path}, else from the jar. When
     * it is not to be had, each call says so; a class whose initialiser failed would say it once. */
    static synchronized void load() {
        if (loaded) return;
        String path = System.getProperty("snn.jni"); // it finds libsnn beside it
        if (path != null) System.load(path);
        else loadFromPathOrJar();
        loaded = true;
    }

    private static void loadFromPathOrJar() {
        try {
            System.loadLibrary("snn_jni");
        } catch (UnsatisfiedLinkError absent) {
            if (loadFromJar()) return;
            throw new UnsatisfiedLinkError("libsnn_jni and libsnn cannot be loaded from java.library.path, the jar has none for " + platform()
                + ", and the property snn.jni names no file: " + absent.getMessage());
        }
    }

    /** "linux-x86_64". */
    private static String platform() {
        String system = System.getProperty("os.name"), processor = System.getProperty("os.arch");
        String name = isWindows() ? "windows" : system.startsWith("Mac") ? "macos" : "linux";
        return name + "-" + (processor.equals("amd64") ? "x86_64" : processor.equals("aarch64") ? "arm64" : processor);
    }

    private static boolean isWindows() {
        return System.getProperty("os.name").startsWith("Windows");
    }

    /** Copies both libraries into a new folder, because a system loads files only; false when the jar has none for this system. */
    private static boolean loadFromJar() {
        String place = "/natives/" + platform();
        String jni = System.mapLibraryName("snn_jni"), libsnn = isWindows() ? "libsnn.dll" : System.mapLibraryName("snn");
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
            if (isWindows()) System.load(folder.resolve(libsnn).toString()); // it has no path of its own to search
            System.load(folder.resolve(jni).toString());
            return true;
        } catch (IOException problem) {
            UnsatisfiedLinkError error = new UnsatisfiedLinkError("the libraries in the jar could not be copied out: " + problem);
            error.initCause(problem);
            throw error;
        }
    }
}
