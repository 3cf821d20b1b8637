// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The words of standard input and how often each is there, the most frequent first. */
public class Words {
        private static final Pattern BETWEEN = Pattern.compile("\\P{Alnum}+");

        public static void main(String[] arguments) {
                var counts = new TreeMap<String, Integer>();
                var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                input.lines().flatMap(BETWEEN::splitAsStream).filter(w -> !w.isEmpty()).forEach(w -> counts.merge(w, 1, Integer::sum));
                counts.entrySet().stream()
                        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                        .forEach(e -> System.out.println(e.getValue() + " " + e.getKey()));
        }
}
