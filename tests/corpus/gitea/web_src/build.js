// Stands for a bundler: one file of all.
const fs = require('fs'), path = require('path');
const out = process.argv[2];
fs.mkdirSync(out, { recursive: true });
const text = ['one', 'two'].map((n) => `/* ${n} */`).join('\n');
fs.writeFileSync(path.join(out, 'index.js'), text);
