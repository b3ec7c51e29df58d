import { Segmented, Tabs } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Code } from '../markdown/Code'
import { Markdown } from '../markdown/Markdown'
import { durationText, numberText } from '../ui/format'
import { Empty, Waiting } from '../ui/states'
import { codeOf, highlighted, tongues, type Tongue } from './code'
import { surprise, type Token } from './request'
import type { Run } from './run'

function Tokens({ tokens }: { tokens: Token[] }) {
  const { i18n } = useTranslation()
  const told = (one: { text: string; probability: number }) => `${JSON.stringify(one.text)} ${numberText(one.probability * 100, i18n.language, 1)} %`
  return (
    <p className="tokens">
      {tokens.map((token, i) => (
        <span key={i} className={`token-${surprise(token.probability)}`} title={[token, ...token.others.filter((one) => one.text !== token.text)].map(told).join('\n')}>
          {token.text}
        </span>
      ))}
    </p>
  )
}

function Answer({ result }: { result: Run }) {
  const { t } = useTranslation()
  if (result.error) {
    return (
      <p role="alert" className="wrong">
        {result.error}
      </p>
    )
  }
  if (result.tokens.length > 0) return <Tokens tokens={result.tokens} />
  if (result.text) return <Markdown text={result.text} />
  return result.busy ? <Waiting text={t('chat.queued')} /> : <Empty title={t('play.none')} />
}

export function Result({ model, result, body }: { model: string; result: Run; body: Record<string, unknown> | null }) {
  const { t, i18n } = useTranslation()
  const [tongue, setTongue] = useState<Tongue>('curl')
  const figures = [
    result.firstMs === null ? null : t('chat.firstToken', { time: durationText(result.firstMs / 1000, i18n.language) }),
    result.usage ? t('chat.tokens', { count: result.usage.completion_tokens }) : null,
    result.speed === null ? null : t('chat.speed', { speed: numberText(result.speed, i18n.language, 1) }),
  ].filter((one) => one !== null)
  const code = (
    <>
      <Segmented<Tongue> options={[...tongues]} value={tongue} onChange={setTongue} aria-label={t('markdown.code')} style={{ marginBottom: 10 }} />
      {body && <Code language={highlighted[tongue]} text={codeOf(tongue, location.origin, body)} />}
    </>
  )
  return (
    <section className="play-result" aria-label={model} aria-busy={result.busy}>
      <h2>{model}</h2>
      <Tabs
        size="small"
        items={[
          { key: 'answer', label: t('price.output'), children: <Answer result={result} /> },
          { key: 'request', label: t('play.request'), children: <Code language="json" text={result.request || JSON.stringify(body, null, 2)} /> },
          { key: 'response', label: t('play.response'), children: <Code language="json" text={result.raw.join('\n')} /> },
          { key: 'code', label: t('markdown.code'), children: code },
        ]}
      />
      <p className="muted num">{figures.join(' · ')}</p>
    </section>
  )
}
