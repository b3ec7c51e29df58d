import type { ReactNode } from 'react'
import { LanguageChoice, ThemeChoice } from '../ui/Choices'
import { Mark } from '../ui/Mark'

/** The page before one is signed in. */
export function Front({ title, lead, children }: { title: string; lead: string; children?: ReactNode }) {
  return (
    <main className="front">
      <div className="front-card">
        <Mark size={40} />
        <h1>{title}</h1>
        <p>{lead}</p>
        {children}
        <div className="front-foot">
          <LanguageChoice />
          <ThemeChoice />
        </div>
      </div>
    </main>
  )
}
