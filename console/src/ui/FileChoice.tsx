import { UploadOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { bytesText } from './format'

/** A file of this computer. The browser's own control speaks the browser's language, not the reader's. */
export function FileChoice({ label, accept, file, disabled = false, choose }: { label: string; accept: string; file: File | undefined; disabled?: boolean; choose: (file: File | undefined) => void }) {
  const { t, i18n } = useTranslation()
  const input = useRef<HTMLInputElement>(null)
  return (
    <p>
      <input ref={input} type="file" accept={accept} hidden aria-label={label} onChange={(event) => choose(event.target.files?.[0])} />
      <Button icon={<UploadOutlined />} disabled={disabled} onClick={() => input.current?.click()}>
        {t('models.choose')}
      </Button>{' '}
      {file && (
        <span className="muted" style={{ overflowWrap: 'anywhere' }}>
          {file.name} · {bytesText(file.size, i18n.language)}
        </span>
      )}
    </p>
  )
}
