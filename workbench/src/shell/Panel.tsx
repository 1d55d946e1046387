/** A panel with the head that every panel has: title, one-line reading, then what can be done. */
import { type ReactNode, useId } from "react";

interface PanelProps {
  title: string;
  reading?: ReactNode;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Panel({ title, reading, actions, className = "", children }: PanelProps) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {reading && <p className="reading">{reading}</p>}
        {actions && <div className="actions">{actions}</div>}
      </header>
      <div className="panel-body">{children}</div>
    </section>
  );
}

interface EmptyProps {
  children: ReactNode;
  button?: ReactNode;
}

/** An empty state: one sentence and one button. */
export function Empty({ children, button }: EmptyProps) {
  return (
    <div className="empty">
      <p>{children}</p>
      {button}
    </div>
  );
}

/** The server's sentence beside the thing that it is about. */
export function Complaint({ children }: { children: ReactNode }) {
  return (
    <p className="complaint" role="alert">
      {children}
    </p>
  );
}
