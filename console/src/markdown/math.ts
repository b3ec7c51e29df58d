import type { MarkedExtension, Tokens } from 'marked'

export interface MathToken extends Tokens.Generic {
  type: 'math' | 'mathBlock'
  text: string
}

/** Formulas: `$…$` and `\(…\)` in a line, `$$…$$` and `\[…\]` as blocks. "$5 and $10" are prices: the inner text
 *  touches both signs, and no digit follows the second. */
export const math: MarkedExtension = {
  extensions: [
    {
      name: 'mathBlock',
      level: 'block',
      start: (text) => text.match(/(?<=\n) {0,3}(?:\$\$|\\\[)/)?.index,
      tokenizer(text) {
        const found = /^ {0,3}(?:\$\$((?:(?!\$\$)[\s\S])+)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n|$)/.exec(text)
        if (!found) return undefined
        return { type: 'mathBlock', raw: found[0], text: (found[1] ?? found[2] ?? '').trim() }
      },
    },
    {
      name: 'math',
      level: 'inline',
      start: (text) => text.match(/\$|\\\(|\\\[/)?.index,
      tokenizer(text) {
        const found = /^(?:\$\$([^$\n]+?)\$\$|\$([^\s$](?:[^$\n]*?[^\s$\\])?)\$(?!\d)|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\])/.exec(text)
        if (!found) return undefined
        return { type: 'math', raw: found[0], text: (found[1] ?? found[2] ?? found[3] ?? found[4] ?? '').trim() }
      },
    },
  ],
}
