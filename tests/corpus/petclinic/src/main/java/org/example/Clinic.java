package org.example;

import java.io.InputStream;
import java.util.Properties;
import java.util.logging.Logger;

public class Clinic {
    static String welcome(Properties p) {
        return p.getProperty("welcome") + " to " + p.getProperty("name", "nowhere");
    }

    public static void main(String[] arguments) throws Exception {
        Properties p = new Properties();
        try (InputStream in = Clinic.class.getResourceAsStream("/application.properties")) {
            p.load(in);
        }
        Logger.getLogger("clinic").fine("started");
        System.out.println(welcome(p) + " as " + System.getProperty("user.name") + " " + arguments.length);
    }
}
