import type { Schema } from '../api/http'

/** A node of a chat's tree (docs/chats.md). While an answer is written, what is known of it comes from its stream. */
export type Message = Omit<Schema['ChatMessage'], 'status' | 'object' | 'tool_calls' | 'usage'> & {
  status: Schema['ChatMessage']['status'] | 'in_progress'
  tool_calls: { name: string; arguments: string }[]
  usage: { input_tokens: number; output_tokens: number } | null
}

export type Chat = Schema['Chat']
export type Parameters_ = Schema['ChatParameters']
