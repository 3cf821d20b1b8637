package org.example.agent;

import java.io.File;

public class Main {
    public static void main(String[] arguments) {
        File directory = new File(System.getenv("AGENT_WORKDIR"));
        System.out.println("agent " + Main.class.getPackage().getImplementationVersion() + " in " + directory + " "
                + directory.canWrite() + " " + System.getProperty("user.dir") + " " + String.join(",", arguments));
    }
}
