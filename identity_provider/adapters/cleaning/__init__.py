"""The program that decodes files of strangers, in a process of its own: nothing here runs inside the service."""
