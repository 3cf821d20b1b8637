const { log } = require('@repo/logger');
console.log(log('api is up'));
console.log("const w = (d) => require('fs').readdirSync(d, { withFileTypes: true }).flatMap((e) => e.isDirectory() ? w(d + '/' + e.name) : [d + '/' + e.name]);");
console.log("console.log(w('.').sort().join(' '), require('fs').statSync('bundle.js').uid);");
