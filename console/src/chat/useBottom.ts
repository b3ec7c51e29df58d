import { useCallback, useEffect, useRef, useState } from 'react'

/** Keeps a list at its end while it grows, unless one has scrolled up. */
export function useBottom() {
  // State, not refs: the list may come later than the page.
  const [list, place] = useState<HTMLDivElement | null>(null)
  const [content, inner] = useState<HTMLDivElement | null>(null)
  const [isAway, setIsAway] = useState(false)
  const stays = useRef(true)
  const toBottom = useCallback(() => {
    stays.current = true
    list?.scrollTo({ top: list.scrollHeight })
  }, [list])
  useEffect(() => {
    if (!list || !content) return undefined
    const look = () => {
      const left = list.scrollHeight - list.scrollTop - list.clientHeight
      stays.current = left < 60
      setIsAway(left > 300)
    }
    const grown = new ResizeObserver(() => {
      if (stays.current) list.scrollTop = list.scrollHeight
    })
    grown.observe(content)
    list.addEventListener('scroll', look, { passive: true })
    return () => {
      grown.disconnect()
      list.removeEventListener('scroll', look)
    }
  }, [list, content])
  return { place, inner, isAway, toBottom }
}
