"""From a corpus to a recogniser of emotion in speech, and what people do with one."""
