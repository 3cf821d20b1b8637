package org.example;

import static org.junit.Assert.assertEquals;

import java.util.Properties;
import org.junit.Test;

public class ClinicTest {
    @Test
    public void saysWhere() {
        Properties p = new Properties();
        p.setProperty("welcome", "Hi");
        assertEquals("Hi to nowhere", Clinic.welcome(p));
    }
}
