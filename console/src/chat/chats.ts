import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { api, path, type Schema } from '../api/http'
import { forgetAnswer, isOver, liveAnswer, stop } from '../api/live'
import type { Chat, Message } from './types'

type Page = Schema['ChatMessages']
type Turn = Schema['ChatTurn']

const messagesOfPage = 50

export const chatPath = (chat: string) => path('/console/v1/chats/{chat}', { chat })

export function useChats(query: string, folder: string | undefined) {
  const chats = useInfiniteQuery({
    queryKey: ['chats', query, folder],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => api.get<Schema['Chats']>(path('/console/v1/chats', {}), { query: query || undefined, folder, after: pageParam, limit: 40 }),
    getNextPageParam: (page) => (page.has_more ? (page.last_id ?? undefined) : undefined),
  })
  const data = useMemo(() => chats.data?.pages.flatMap((page) => page.data), [chats.data])
  return { ...chats, rows: data }
}

export function useFolders() {
  return useQuery({ queryKey: ['folders'], queryFn: async () => (await api.get<Schema['Folders']>(path('/console/v1/folders', {}))).data })
}

export function useChat(chat: string | undefined) {
  return useQuery({ queryKey: ['chat', chat], enabled: chat !== undefined, queryFn: () => api.get<Chat>(chatPath(chat ?? '')) })
}

/** Pages of the branch come newest first; people read oldest first. */
export function inOrder(data: InfiniteData<Page> | undefined): Message[] {
  return data ? data.pages.flatMap((page) => page.data).reverse() : []
}

/** The branch with what was just said behind it, or beside the message that was edited or answered again. */
export function withTurn(data: InfiniteData<Page> | undefined, turn: Turn): InfiniteData<Page> | undefined {
  const first = data?.pages[0]
  const added = [turn.answer, turn.message].filter((one) => one !== null)
  const parent = added.at(-1)?.parent ?? null
  if (!data || !first) return undefined
  const all = data.pages.flatMap((page) => page.data)
  const at = all.findIndex((one) => one.id === parent)
  if (parent !== null && at < 0) return undefined
  const before = parent === null ? [] : all.slice(at)
  const last = data.pages.at(-1) ?? first
  return { pages: [{ ...last, data: [...added, ...before] }], pageParams: [undefined] }
}

export function useMessages(chat: string | undefined) {
  const client = useQueryClient()
  const pages = useInfiniteQuery({
    queryKey: ['messages', chat],
    enabled: chat !== undefined,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => api.get<Page>(path('/console/v1/chats/{chat}/messages', { chat: chat ?? '' }), { limit: messagesOfPage, after: pageParam }),
    getNextPageParam: (page) => (page.has_more ? (page.last_id ?? undefined) : undefined),
  })
  const messages = useMemo(() => inOrder(pages.data), [pages.data])
  // An answer that has ended is asked for once more: the box has its figures now.
  useEffect(() => {
    let gone = false
    for (const { response, status } of messages) {
      if (status !== 'queued' || !response) continue
      void liveAnswer(response).done.then(async (progress) => {
        if (gone || !isOver(progress)) return
        await client.invalidateQueries({ queryKey: ['messages', chat] })
        void client.invalidateQueries({ queryKey: ['chats'] })
        forgetAnswer(response)
      })
    }
    return () => {
      gone = true
    }
  }, [messages, chat, client])
  return { ...pages, messages }
}

/** What is done with a chat; each has what is shown asked anew. */
export function useChatDeeds(chat: string | undefined) {
  const client = useQueryClient()
  return useMemo(() => {
    const stale = (id: string | undefined) =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['messages', id] }),
        client.invalidateQueries({ queryKey: ['chat', id] }),
        client.invalidateQueries({ queryKey: ['chats'] }),
        client.invalidateQueries({ queryKey: ['folders'] }),
      ])
    const took = (id: string, turn: Turn) => {
      client.setQueryData<InfiniteData<Page>>(['messages', id], (now) => withTurn(now, turn))
      void stale(id)
    }
    return {
      create: (given: Schema['ChatNew']) => api.post<Chat>(path('/console/v1/chats', {}), given),
      say: async (id: string, given: Schema['ChatSaying'] | { text: string; edits?: string }) => {
        took(id, await api.post<Turn>(path('/console/v1/chats/{chat}/messages', { chat: id }), given))
      },
      again: async (message: Message) => {
        if (!chat || message.parent === null) return
        took(chat, await api.post<Turn>(path('/console/v1/chats/{chat}/messages/{message}/answers', { chat, message: message.parent }), {}))
      },
      show: async (leaf: string) => {
        if (!chat) return
        await api.patch(chatPath(chat), { leaf })
        await stale(chat)
      },
      stop: async (message: Message) => {
        if (message.response) await stop(message.response)
      },
      change: async (id: string, given: Schema['ChatChange']) => {
        client.setQueryData(['chat', id], await api.patch<Chat>(chatPath(id), given))
        await stale(id)
      },
      remove: async (id: string) => {
        await api.delete(chatPath(id))
        client.removeQueries({ queryKey: ['messages', id] })
        await stale(id)
      },
      share: async (id: string) => {
        const share = await api.post<Schema['ChatShare']>(path('/console/v1/chats/{chat}/share', { chat: id }))
        await stale(id)
        return share
      },
      unshare: async (id: string) => {
        await api.delete(path('/console/v1/chats/{chat}/share', { chat: id }))
        await stale(id)
      },
    }
  }, [chat, client])
}
