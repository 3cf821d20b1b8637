// SPDX-License-Identifier: Apache-2.0
'use strict';
const http = require('node:http');
const count = require('count');

const server = http.createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (part) => { text += part; });
  request.on('end', () => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(count(text)) + '\n');
  });
});
process.on('SIGTERM', () => server.close());
server.listen(Number(process.env.PORT || 3000));
