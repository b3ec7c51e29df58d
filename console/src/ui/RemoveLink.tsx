import { Button } from 'antd'
import { useUndo } from './deeds'

/** Removes at once, and puts back by "Undo". `name` tells links of several rows apart for who does not see the rows. */
export function RemoveLink({ action, name, said, remove, restore }: { action: string; name?: string; said: string; remove: () => Promise<boolean>; restore: () => Promise<boolean> }) {
  const undo = useUndo()
  return (
    <Button
      type="link"
      size="small"
      danger
      {...(name && { 'aria-label': `${action}: ${name}` })}
      onClick={() => {
        void remove().then((done) => {
          if (done) undo(said, restore)
        })
      }}
    >
      {action}
    </Button>
  )
}
