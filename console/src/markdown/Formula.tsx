import { useEffect, useRef } from 'react'

/** A formula, by KaTeX, which is loaded with the first one. What it cannot read is shown as it was written. */
export function Formula({ text, block = false }: { text: string; block?: boolean }) {
  const place = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    let gone = false
    void import('./katex').then(({ draw }) => {
      if (!gone && place.current) draw(text, place.current, block)
    })
    return () => {
      gone = true
    }
  }, [text, block])
  return (
    <span className={block ? 'md-formula md-formula-block' : 'md-formula'} ref={place}>
      {text}
    </span>
  )
}
