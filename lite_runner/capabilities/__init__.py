"""What models can do on this machine, such as other input shapes, probed in a child process."""
