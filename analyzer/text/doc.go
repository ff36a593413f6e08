// Package text is the one analysis of words in Cuepoint: what is indexed, what
// is searched and what is counted for keyphrases and topics are the terms of
// [Tokens]. It knows no database and no query syntax.
//
// The terms of a text depend on the text alone. A query rarely says its
// language and is too short to guess it, so a declared language has no say on
// either side: whatever was written finds itself.
//
//   - Case, width, ligatures and compatibility forms are folded (Unicode NFKC and
//     case folding, UAX #15), and so are diacritics where a searcher leaves them
//     out: in Latin and Greek ("é" is "e", "ø" is "o"), the vowel points of Hebrew
//     and Arabic, and "ё". Where a mark makes another letter (й, ん, the vowels of
//     Devanagari and Thai) it stays.
//   - A word is a run of letters, digits and their marks. Digits stay as they
//     are. English clitics after an apostrophe are dropped ("John's" is "john"),
//     French and Italian elisions are words of their own ("l'eau" is "l", "eau"),
//     other apostrophes join ("don't" is "dont").
//   - In scripts that are written without spaces (Han, kana, Hangul, Thai, Lao,
//     Khmer, Burmese) each character is a token whose term is the character and
//     the one after it: overlapping bigrams, so that a word is found as a phrase
//     wherever it stands.
//   - Words are stemmed by their script (Snowball): Latin as English, which also
//     takes the plural s of many languages, Cyrillic as Russian, Arabic and Tamil.
package text
