import { Button } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { copy } from '../ui/copy'

/** A block of code; its colours come when it is known which language it is and the highlighter is there. */
export function Code({ text, language }: { text: string; language: string }) {
  const { t } = useTranslation()
  const [coloured, setColoured] = useState<{ text: string; html: string }>()
  const [copied, setCopied] = useState(false)
  const name = language.split(/\s/)[0] ?? ''
  useEffect(() => {
    if (!name) return undefined
    let gone = false
    // Not at each token of a stream: colours follow when the text rests.
    const timer = setTimeout(() => {
      void import('./highlight').then(({ highlight }) => {
        const html = highlight(text, name)
        if (!gone && html !== null) setColoured({ text, html })
      })
    }, 120)
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [text, name])
  return (
    <div className="md-code">
      <div className="md-code-head">
        <span>{name || t('markdown.code')}</span>
        <Button
          size="small"
          type="text"
          className="no-print"
          onClick={() => {
            void copy(text).then(() => {
              setCopied(true)
              setTimeout(() => setCopied(false), 1500)
            })
          }}
        >
          {copied ? t('action.copied') : t('action.copy')}
        </Button>
      </div>
      <pre tabIndex={0}>
        {coloured?.text === text ? (
          // The one place for HTML: highlight.js escapes the text and adds only spans with classes of its own.
          // eslint-disable-next-line no-restricted-syntax
          <code dangerouslySetInnerHTML={{ __html: coloured.html }} />
        ) : (
          <code>{text}</code>
        )}
      </pre>
    </div>
  )
}
