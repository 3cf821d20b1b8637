const app = require('./app')();
// Starts, asks itself once, and ends.
app.listen(0, '127.0.0.1', () => {
  require('http').get({ host: '127.0.0.1', port: app.address().port, path: '/todo' }, (r) => {
    r.on('data', (d) => console.log(String(d)));
    r.on('end', () => app.close());
  });
});
