package snn;

import static snn.Support.*;

import java.io.File;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import snn.Enums.*;

/** Runs the tests: every method without parameters of the classes below whose name does not begin with "new". */
final class Tests {
    private Tests() {}

    public static void main(String[] arguments) throws Exception {
        // "missing" and "version": the library is not there or is another one. "vulkan FILE": with that of a Vulkan device.
        if (arguments[0].equals("missing")) {
            for (Code code : new Code[] {() -> Session.open("any.snn"), () -> new NetworkBuilder(1), () -> Library.version()}) {
                String sentence = fails(UnsatisfiedLinkError.class, code).getMessage();
                check(sentence.contains("libsnn") && sentence.contains("java.library.path"), sentence);
            }
            System.out.println("passed");
            return;
        }
        if (arguments[0].equals("version")) {
            check(fails(Status.VERSION, () -> new NetworkBuilder(1)).getMessage().contains("ABI version 999"), "999");
            fails(Status.VERSION, () -> Network.load("any.snn"));
            fails(Status.VERSION, () -> Session.open("any.snn"));
            fails(Status.VERSION, () -> Model.builtin("lif"));
            System.out.println("passed");
            return;
        }
        boolean vulkan = arguments[0].equals("vulkan");
        List<Class<?>> classes = vulkan ? List.of(VulkanTests.class)
            : List.of(NetworkTests.class, SessionTests.class, CallbackTests.class);
        adder = Files.readString(Path.of(arguments[vulkan ? 1 : 0]));
        folder = Files.createTempDirectory("snn-java");
        int passed = 0, failed = 0;
        List<Method> methods = new ArrayList<>();
        for (Class<?> one : classes) methods.addAll(Arrays.asList(one.getDeclaredMethods()));
        for (Method test : methods) {
            if (test.getParameterCount() != 0 || test.getName().startsWith("new") || test.isSynthetic()) continue;
            try {
                test.invoke(null);
                ++passed;
                System.out.println("passed " + test.getName());
            } catch (java.lang.reflect.InvocationTargetException exception) {
                ++failed;
                System.out.println("FAILED " + test.getName());
                exception.getCause().printStackTrace(System.out);
            }
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
        System.out.println("test cases: " + (passed + failed) + " | " + passed + " passed | " + failed + " failed");
        System.exit(failed == 0 && passed > 0 ? 0 : 1);
    }
}
