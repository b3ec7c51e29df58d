import { renderToStaticMarkup } from 'react-dom/server'
import { beforeAll, describe, expect, it } from 'vitest'
import { payloads } from '../../e2e/payloads.mjs'
import { startLanguagesForTests } from '../i18n/tests'
import { shownHost, safeLink } from './links'
import { Markdown } from './Markdown'

beforeAll(startLanguagesForTests)
const html = (text: string) => renderToStaticMarkup(<Markdown text={text} />)

const allowed = new Set(['div', 'p', 'span', 'strong', 'em', 'del', 'code', 'pre', 'ul', 'ol', 'li', 'blockquote', 'hr', 'br', 'a', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'button', 'input', 'h3', 'h4', 'h5', 'h6'])
const attributes = new Set(['class', 'style', 'href', 'target', 'rel', 'title', 'tabindex', 'role', 'type', 'disabled', 'readonly', 'checked', 'aria-label', 'start', 'value'])

/** Every tag that would be an element, with its attributes' names: in what React writes, "<" of a text is "&lt;". */
function elements(markup: string) {
  return [...markup.matchAll(/<([a-z0-9]+)((?:\s+[a-zA-Z-]+(?:="[^"]*")?)*)\s*\/?>/g)].map(([, tag, rest]) => ({
    tag: tag ?? '',
    given: [...(rest ?? '').matchAll(/([a-zA-Z-]+)(?:="([^"]*)")?/g)].map(([, name, value]) => [name?.toLowerCase() ?? '', value ?? ''] as const),
  }))
}

describe('Markdown of others', () => {
  it(`of ${payloads.length} hostile texts becomes harmless elements only`, () => {
    expect(payloads.length).toBeGreaterThanOrEqual(200)
    for (const text of payloads) {
      for (const { tag, given } of elements(html(text))) {
        expect(allowed, `${tag} of ${text}`).toContain(tag)
        for (const [name, value] of given) {
          expect(attributes, `${name} of ${text}`).toContain(name)
          if (name === 'href') expect(value).toMatch(/^(https?|mailto):/)
          if (name === 'style') expect(value).not.toContain('url')
        }
      }
    }
  })
  it('shows HTML as the text that it is', () => {
    expect(html('a <b>bold</b> word')).toContain('&lt;b&gt;bold&lt;/b&gt;')
  })
  it('is tables, lists, code and formulas', () => {
    expect(html('| a | b |\n|---|--:|\n| 1 | 2 |')).toMatch(/<th>a<\/th>.*<td style="text-align:right">2<\/td>/)
    expect(html('3. x\n4. y')).toContain('<ol start="3"><li>x</li><li>y</li></ol>')
    expect(html('a $x^2$ b')).toContain('<span class="md-formula">x^2</span>')
    expect(html('$$\nx\n$$')).toContain('md-formula-block')
    expect(html('`a<b`')).toContain('<code>a&lt;b</code>')
  })
  it('keeps a formula in its line where it is written in one', () => {
    expect(html('is $$(n-2)$$ and\n\n$$Q$$')).toMatch(/^<div class="md"><p>is <span class="md-formula">\(n-2\)<\/span> and<\/p><span class="md-formula md-formula-block">Q<\/span>/)
  })
  it('takes prices for no formula', () => {
    expect(html('from $5 to $10')).not.toContain('md-formula')
  })
  it('shows where a link leads, and no image', () => {
    expect(html('[here](https://example.org/x)')).toContain('>here</a><span class="md-host"> (example.org)</span>')
    expect(html('![a](https://example.org/x.png)')).not.toContain('<img')
  })
})

describe('a link', () => {
  it('leads only where a browser opens, not runs', () => {
    expect(safeLink('javascript:x')).toBeNull()
    expect(safeLink('relative/path')).toBeNull()
    expect(safeLink('https://example.org/')?.host).toBe('example.org')
  })
  it('needs no second address where its text is one', () => {
    expect(shownHost(new URL('https://example.org/'), 'https://example.org/')).toBeNull()
    expect(shownHost(new URL('https://example.org/'), 'https://bank.example/')).toBe('example.org')
  })
})
