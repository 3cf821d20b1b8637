module.exports = (t) => '<h1>' + t + '</h1>';
