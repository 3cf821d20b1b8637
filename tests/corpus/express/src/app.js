const http = require('http');
const colour = require('colour');

module.exports = () =>
  http.createServer((request, response) => response.end(`${colour(request.url.slice(1))} uid ${process.getuid()} ${process.env.NODE_ENV}`));
