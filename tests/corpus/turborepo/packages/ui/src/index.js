exports.button = "[ ]";
