/** A link to a page of the workbench that takes along the model, the prompt, the stack and the selection. */
import { useNavigate } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";
import { carried, type Patch, type Query, usePage, usePageStore } from "../state/page";
import type { PagePath } from "./pages";

interface LinkProps {
  to: PagePath;
  /** What the query gains. */
  query?: Patch;
  className?: string;
  title?: string;
  current?: boolean;
  children: ReactNode;
}

export function PageLink({ to, query: more, className, title, current, children }: LinkProps) {
  const { query } = usePage();
  const open = useOpen();
  const onClick = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    open(to, more);
  };
  return (
    <a
      href={addressOf(to, carried(query, more))}
      className={className}
      title={title}
      aria-current={current ? "page" : undefined}
      onClick={onClick}
    >
      {children}
    </a>
  );
}

export function addressOf(to: PagePath, query: Query): string {
  const text = new URLSearchParams(query).toString();
  return text ? `${to}?${text}` : to;
}

/** Opens a page with what every page understands, and more. */
export function useOpen(): (to: PagePath, more?: Patch) => void {
  const navigate = useNavigate();
  return (to, more) =>
    void navigate({ to: to as string, search: carried(usePageStore.getState().query, more) as never });
}
