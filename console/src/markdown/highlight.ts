import hljs from 'highlight.js/lib/common'

const bytesMax = 100_000

/** HTML of spans with classes `hljs-…`; nothing where the language is none of the known. */
export function highlight(text: string, language: string): string | null {
  if (text.length > bytesMax || !hljs.getLanguage(language)) return null
  return hljs.highlight(text, { language, ignoreIllegals: true }).value
}
