const assert = require('assert');
assert.strictEqual(require('colour')('a'), 'A');
assert.strictEqual(process.env.NODE_ENV, 'test');
console.log('1 test passed');
