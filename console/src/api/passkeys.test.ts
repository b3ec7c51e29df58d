import { describe, expect, it } from 'vitest'
import { isAddress } from './passkeys'

describe('passkeys', () => {
  it('are for names, not for addresses', () => {
    for (const host of ['127.0.0.1', '10.1.2.3', '[::1]', 'fe80::1']) expect(isAddress(host), host).toBe(true)
    for (const host of ['localhost', 'box.example.org', '1box.example']) expect(isAddress(host), host).toBe(false)
  })
})
