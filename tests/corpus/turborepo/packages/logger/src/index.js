exports.log = (t) => "console.log(" + JSON.stringify(t) + ");";
