/** Keeps the address and the lab's state the same, in both directions. */
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { writeAddress } from "./address";
import { useInquiry } from "./inquiry";
import { useLab } from "./lab";

const SETTLED = 200;

function record(address: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(address));
}

export function useAddress(): void {
  const search = useRouterState({ select: ({ location }) => location.searchStr });
  const navigate = useNavigate();
  const written = useRef<string | null>(null);
  useEffect(() => {
    const bare = search.replace(/^\?/, "");
    if (bare === written.current) return;
    written.current = bare;
    useLab.getState().load(bare);
  }, [search]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = (replace: boolean) => {
      clearTimeout(timer);
      const address = new URLSearchParams(record(writeAddress(useLab.getState().state))).toString();
      if (address === written.current) return;
      written.current = address;
      void navigate({ to: "/lab", search: record(address), replace });
    };
    const leaveLab = useLab.subscribe(() => {
      clearTimeout(timer);
      timer = setTimeout(() => write(true), SETTLED);
    });
    const leaveInquiry = useInquiry.subscribe((now, before) => {
      if (now.asked !== before.asked) write(before.asked === null);
    });
    return () => {
      clearTimeout(timer);
      leaveLab();
      leaveInquiry();
    };
  }, [navigate]);
}
