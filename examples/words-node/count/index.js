// SPDX-License-Identifier: Apache-2.0
'use strict';

/** How often each word is in the text. */
module.exports = (text) => {
  const counts = {};
  for (const { segment, isWordLike } of new Intl.Segmenter('en', { granularity: 'word' }).segment(text)) {
    if (isWordLike) counts[segment] = (counts[segment] || 0) + 1;
  }
  return counts;
};
