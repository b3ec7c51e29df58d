import { describe, expect, it } from 'vitest'
import type { Schema } from '../api/http'
import { inOrder, withTurn } from './chats'

type Raw = Schema['ChatMessage']
const message = (id: string, parent: string | null, role: Raw['role']): Raw => ({
  id, object: 'chat.message', parent, siblings: [id], role, text: id, reasoning: '', tool_calls: [], tool_outputs: [], status: 'completed', finish_reason: null,
  error: null, model: null, response: null, usage: null, speed: null, created_at: 0,
})
const pages = (...lists: Raw[][]) => ({
  pages: lists.map((data, i) => ({ object: 'list' as const, data, first_id: null, last_id: null, has_more: i < lists.length - 1 })),
  pageParams: lists.map(() => undefined),
})
const ids = (data: ReturnType<typeof withTurn>) => inOrder(data).map((one) => one.id)
const branch = pages([message('a2', 'u2', 'assistant'), message('u2', 'a1', 'user')], [message('a1', 'u1', 'assistant'), message('u1', null, 'user')])

describe('a branch', () => {
  it('is read oldest first though its pages come newest first', () => {
    expect(ids(branch)).toEqual(['u1', 'a1', 'u2', 'a2'])
  })
  it('has what was said behind its end', () => {
    expect(ids(withTurn(branch, { message: message('u3', 'a2', 'user'), answer: message('a3', 'u3', 'assistant') }))).toEqual(['u1', 'a1', 'u2', 'a2', 'u3', 'a3'])
  })
  it('goes on from the parent of what was edited', () => {
    expect(ids(withTurn(branch, { message: message('u2b', 'a1', 'user'), answer: message('a2b', 'u2b', 'assistant') }))).toEqual(['u1', 'a1', 'u2b', 'a2b'])
  })
  it('begins anew where its first message was edited', () => {
    expect(ids(withTurn(branch, { message: message('u1b', null, 'user'), answer: message('a1b', 'u1b', 'assistant') }))).toEqual(['u1b', 'a1b'])
  })
  it('has another answer in the place of the one before', () => {
    expect(ids(withTurn(branch, { message: null, answer: message('a2b', 'u2', 'assistant') }))).toEqual(['u1', 'a1', 'u2', 'a2b'])
  })
  it('is asked for anew where the parent has not been loaded', () => {
    expect(withTurn(branch, { message: message('x', 'unknown', 'user'), answer: null })).toBeUndefined()
  })
})
