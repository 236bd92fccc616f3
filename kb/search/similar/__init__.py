"""Which notes resemble one another: related ones, and ones that nearly repeat another."""
