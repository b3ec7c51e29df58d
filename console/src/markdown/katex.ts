import katex from 'katex'
import 'katex/dist/katex.min.css'

/** trust: false refuses what would load or link (\includegraphics, \href); sizes and expansions have a bound. */
export function draw(text: string, place: HTMLElement, block: boolean): void {
  const rendered = document.createElement('span')
  try {
    katex.render(text, rendered, { displayMode: block, throwOnError: true, trust: false, strict: 'ignore', maxSize: 20, maxExpand: 200 })
  } catch {
    return
  }
  place.replaceChildren(rendered)
}
