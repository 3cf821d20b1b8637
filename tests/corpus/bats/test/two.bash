test_right() { true; }
test_wrong() { fail; }
