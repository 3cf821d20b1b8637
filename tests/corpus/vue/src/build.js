const fs = require('fs');
fs.cpSync('public', 'dist', { recursive: true });
fs.writeFileSync('dist/app.1a2b.js', 'console.log("vue")');
