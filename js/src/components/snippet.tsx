import { useState } from "react";
import { announce } from "@/lib/announcer";
import { Button } from "./controls";
import { ScrollRegion } from "./scroll-region";
import styles from "./snippet.module.css";

/** Text to paste into a shell. The copy button is there where the browser lets a page copy. */
export function Snippet({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    announce("Copied");
  };
  return (
    <div className={styles.snippet}>
      {navigator.clipboard && (
        <Button className={styles.copy} onClick={copy}>
          {copied ? "Copied" : "Copy"}
        </Button>
      )}
      <ScrollRegion label={label} className={styles.text}>
        <pre>
          <code>{text}</code>
        </pre>
      </ScrollRegion>
    </div>
  );
}
