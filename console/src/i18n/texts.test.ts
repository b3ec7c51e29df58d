import { describe, expect, it } from 'vitest'
import { preferred } from '.'
import { en } from './en'
import { pt } from './pt'
import { zh } from './zh'

const names = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name).sort()

describe('the texts', () => {
  it('name the same values in every language', () => {
    for (const [key, text] of Object.entries(en)) {
      for (const other of [pt, zh]) expect(names(other[key as keyof typeof en]), key).toEqual(names(text))
    }
  })
  it('are never empty', () => {
    for (const texts of [en, pt, zh]) for (const [key, text] of Object.entries(texts)) expect(text.trim(), key).not.toBe('')
  })
})

describe('the language', () => {
  it('is what was chosen, else the first of the browser that there is', () => {
    expect(preferred('zh', ['en-US'])).toBe('zh')
    expect(preferred(null, ['fr', 'pt-BR', 'en'])).toBe('pt')
    expect(preferred(null, ['fr'])).toBe('en')
  })
})
