// Stands for `next build`: pages made beforehand, a server without dependencies.
const fs = require('fs');
const page = require('banner')(fs.readFileSync('app/page.txt', 'utf8').trim());
fs.mkdirSync('.next/standalone', { recursive: true });
fs.mkdirSync('.next/static/chunks', { recursive: true });
fs.writeFileSync('.next/static/chunks/main.js', '//');
fs.writeFileSync('.next/standalone/server.js', `
const fs = require('fs');
fs.writeFileSync('.next/cache', 'x');
console.log(${JSON.stringify(page)}, process.getuid(), process.getgid(), process.env.PORT,
  fs.readdirSync('.').sort().join(), fs.readdirSync('.next').sort().join(), fs.statSync('server.js').uid);
`);
