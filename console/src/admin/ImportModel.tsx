import { useQueryClient } from '@tanstack/react-query'
import { Input, Modal, Progress } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError, path, upload } from '../api/http'
import { FileChoice } from '../ui/FileChoice'
import type { Job } from './models'

/** "Qwen3-4B Q4.gguf" → "qwen3-4b-q4": what the box takes as a name of a model. */
export const nameOfFile = (file: string) =>
  file
    .replace(/\.gguf$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .replace(/-+$/, '')

/** A model's file from this computer: it goes up with its progress, then a job of the box reads it. */
export function ImportModel({ open, close }: { open: boolean; close: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [file, setFile] = useState<File>()
  const [name, setName] = useState('')
  const [sent, setSent] = useState<number>()
  const [problem, setProblem] = useState<string>()
  const stopping = useRef<AbortController>(undefined)
  const busy = sent !== undefined
  const leave = () => {
    stopping.current?.abort()
    setFile(undefined)
    setName('')
    setProblem(undefined)
    close()
  }
  const send = async () => {
    if (!file) return
    const stop = new AbortController()
    stopping.current = stop
    setSent(0)
    setProblem(undefined)
    try {
      await upload<Job>(`${path('/admin/v1/models/import', {})}?name=${encodeURIComponent(name)}`, file, setSent, stop.signal)
      await client.invalidateQueries({ queryKey: ['jobs'] })
      leave()
    } catch (error) {
      if (!stop.signal.aborted) setProblem(error instanceof ApiError ? error.message : t('app.unreachable'))
    } finally {
      setSent(undefined)
    }
  }
  const percent = file && busy ? Math.floor((100 * sent) / Math.max(1, file.size)) : 0
  return (
    <Modal title={t('models.import')} open={open} onCancel={leave} okText={t('models.importDo')} okButtonProps={{ disabled: !file || !name || busy }} onOk={() => void send()} confirmLoading={busy} destroyOnHidden>
      <p>{t('models.importText')}</p>
      <FileChoice
        label={t('models.file')}
        accept=".gguf"
        file={file}
        disabled={busy}
        choose={(chosen) => {
          setFile(chosen)
          if (chosen) setName(nameOfFile(chosen.name))
          setProblem(undefined)
        }}
      />
      <label>
        {t('people.name')}
        <Input value={name} disabled={busy} maxLength={128} className="mono" onChange={(event) => setName(event.target.value)} />
      </label>
      {busy && <Progress percent={percent} size="small" aria-label={t('models.sending')} style={{ marginTop: 12 }} />}
      {busy && <p className="muted">{t('models.sending')}</p>}
      {problem && (
        <p role="alert" className="wrong" style={{ marginTop: 12 }}>
          {problem}
        </p>
      )}
    </Modal>
  )
}
