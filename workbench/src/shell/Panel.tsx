/** A panel with the head that every panel has: title, one-line reading, then what can be done. */
import { createContext, type ReactNode, useContext, useEffect, useId, useState } from "react";
import { usePage } from "../state/page";
import { PanelMenu } from "./PanelMenu";

interface PanelProps {
  /** Its name in the address: `?panel=ID` opens it alone. */
  id: string;
  title: string;
  reading?: ReactNode;
  actions?: ReactNode;
  /** Its own entries of the ⋯ menu, above those that every panel has. */
  menu?: ReactNode;
  className?: string;
  children: ReactNode;
}

const Whole = createContext(false);

/** Height that a drawing may take: so much, or nearly all the screen where its panel fills it. */
export function useTall(usual: number): number {
  return useContext(Whole) ? Math.max(globalThis.innerHeight - 260, 240) : usual;
}

export function Panel({ id, title, reading, actions, menu, className = "", children }: PanelProps) {
  const heading = useId();
  const { panel } = usePage().query;
  const [full, setFull] = useState(false);
  useEscape(full, () => setFull(false));
  if (panel && panel !== id) return null;
  const alone = panel === id;
  const classes = ["panel", className, full && "full", alone && "alone"].filter(Boolean).join(" ");
  return (
    <Whole value={full || alone}>
      <section className={classes} aria-labelledby={heading} data-panel={id}>
        <header className="panel-head">
          <h2 id={heading}>{title}</h2>
          {reading && <p className="reading">{reading}</p>}
          <div className="actions">
            {actions}
            <PanelMenu id={id} title={title} full={full} onFull={() => setFull(!full)} alone={alone}>
              {menu}
            </PanelMenu>
          </div>
        </header>
        <div className="panel-body">{children}</div>
      </section>
    </Whole>
  );
}

function useEscape(active: boolean, leave: () => void): void {
  useEffect(() => {
    if (!active) return undefined;
    const listen = (event: KeyboardEvent) => event.key === "Escape" && leave();
    globalThis.addEventListener("keydown", listen);
    return () => globalThis.removeEventListener("keydown", listen);
  });
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
