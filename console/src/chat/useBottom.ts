import { useCallback, useEffect, useRef, useState } from 'react'

/** Keeps a list at its end while it grows, unless one has scrolled up. */
export function useBottom() {
  const place = useRef<HTMLDivElement>(null)
  const inner = useRef<HTMLDivElement>(null)
  const [isAway, setIsAway] = useState(false)
  const stays = useRef(true)
  const toBottom = useCallback(() => {
    stays.current = true
    place.current?.scrollTo({ top: place.current.scrollHeight })
  }, [])
  useEffect(() => {
    const list = place.current, content = inner.current
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
  }, [])
  return { place, inner, isAway, toBottom }
}
